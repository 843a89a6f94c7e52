// What is used of Playwright, by shape, so that `playwright`, `playwright-core` and what is derived from them all fit, and none of
// them has to be installed where there is none.

/** A page, or all pages of a browser context. */
export interface PlaywrightTarget {
  route(url: RegExp, handler: (route: PlaywrightRoute) => Promise<void>): Promise<unknown>;
  unroute(url: RegExp, handler: (route: PlaywrightRoute) => Promise<void>): Promise<void>;
  on(event: 'response', listener: (response: PlaywrightResponse) => void): unknown;
  off(event: 'response', listener: (response: PlaywrightResponse) => void): unknown;
}

export interface PlaywrightRoute {
  request(): PlaywrightRequest;
  fallback(): Promise<void>;
  fetch(options: {
    readonly maxRedirects: number;
    readonly headers?: Record<string, string>;
  }): Promise<PlaywrightAnswer>;
  fulfill(options: { readonly response: never }): Promise<void>;
  abort(errorCode: 'failed'): Promise<void>;
}

export interface PlaywrightRequest {
  url(): string;
  method(): string;
  headers(): Record<string, string>;
  postDataBuffer(): Uint8Array | null;
  resourceType(): string;
  isNavigationRequest(): boolean;
  redirectedFrom(): PlaywrightRequest | null;
  /** Throws for a worker's request, and for the first of a page that is still being opened. */
  frame(): PlaywrightFrame;
}

export interface PlaywrightFrame {
  url(): string;
  parentFrame(): PlaywrightFrame | null;
  waitForURL(url: (at: URL) => boolean, options: { readonly waitUntil: 'load' }): Promise<void>;
  goto(url: string): Promise<unknown>;
}

export interface PlaywrightAnswer {
  status(): number;
  headersArray(): { name: string; value: string }[];
  text(): Promise<string>;
  dispose(): Promise<void>;
}

export interface PlaywrightResponse {
  status(): number;
  url(): string;
  request(): PlaywrightRequest;
  finished(): Promise<unknown>;
}
