/**
 * Makes a table at the top of a module. The call is marked as pure where it stands, so that a bundler leaves the table out of
 * a program that does not read it: the client carries no schema of a request, and no function one of an answer.
 */
export function define<T>(make: () => T): T {
  return make();
}
