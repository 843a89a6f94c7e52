/**
 * A session of the Chrome DevTools Protocol that is attached to a page: Playwright's and Puppeteer's are such. Nothing else may use its
 * domain Fetch.
 */
export interface CdpSession {
  send(method: string, params?: object): Promise<unknown>;
  on(event: 'Fetch.requestPaused', listener: (paused: CdpPaused) => void): unknown;
  off(event: 'Fetch.requestPaused', listener: (paused: CdpPaused) => void): unknown;
}

export interface CdpHeader {
  name: string;
  value: string;
}

/** @see https://chromedevtools.github.io/devtools-protocol/tot/Fetch/#event-requestPaused */
export interface CdpPaused {
  requestId: string;
  /** Of the request whose redirect led to this one. */
  redirectedRequestId?: string;
  frameId: string;
  resourceType: string;
  request: {
    url: string;
    method: string;
    headers: Record<string, string>;
    hasPostData?: boolean;
    postDataEntries?: { bytes?: string }[];
  };
  /** Neither of these two: the request was not sent yet. */
  responseStatusCode?: number;
  responseErrorReason?: string;
  responseHeaders?: CdpHeader[];
}
