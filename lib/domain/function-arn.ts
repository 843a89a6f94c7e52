/** A function of Lambda by its alias or version: what an unqualified name means changes with each deployment of the function. */
const QUALIFIED =
  /^arn:aws[a-z-]*:lambda:([a-z0-9-]{1,32}):[0-9]{12}:function:[a-zA-Z0-9_-]{1,64}:[a-zA-Z0-9_-]{1,128}$/;

/** The region of a qualified ARN of a Lambda function; `null` for any other text. */
export function regionOfFunction(arn: string): string | null {
  return QUALIFIED.exec(arn)?.[1] ?? null;
}
