export interface GatewayResponse {
  /** `null` leaves the type's own status. */
  readonly statusCode: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The template for `application/json`, or `null` for the usual body. */
  readonly template: string | null;
}

/** @param response as in OpenAPI's `x-amazon-apigateway-gateway-responses` */
export function toGatewayResponse(response: {
  readonly statusCode?: unknown;
  readonly responseParameters?: unknown;
  readonly responseTemplates?: unknown;
}): GatewayResponse {
  const prefix = 'gatewayresponse.header.';
  const parameters = (response.responseParameters ?? {}) as Readonly<Record<string, unknown>>;
  const templates = (response.responseTemplates ?? {}) as Readonly<Record<string, unknown>>;
  const template = templates['application/json'];
  return {
    statusCode: response.statusCode === undefined ? null : Number(response.statusCode),
    headers: Object.fromEntries(
      Object.entries(parameters)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), String(value)]),
    ),
    template: typeof template === 'string' ? template : null,
  };
}
