/** Grows when a member changes its meaning or goes. New members come without a new version. */
export const EVENT_VERSION = 1;
