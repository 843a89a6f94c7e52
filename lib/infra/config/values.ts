import { ISSUERS, type Choice } from '../../choices/values.ts';
import { issuerKey } from '../../domain/tenants/jwt-authorizer.ts';
import { isAddressRange } from '../../jwt/address-ranges.ts';
import type { ExistingTables } from './config.ts';

// Parsers of one choice each: context and environment give texts, `cdk.json` any JSON.

const INTEGER = /^(0|[1-9][0-9]{0,8})$/;
const PRINCIPAL_ARN = /^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role)\/[\w+=,.@/-]{1,512})$/;
/** Secrets of Bursar itself are none that a deployer may point at: among them are the wallets' seeds. */
const FOREIGN_SECRET_ARN =
  /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:(?!bursar\/)[A-Za-z0-9/_+=.@-]{1,512}-([A-Za-z0-9]{6}|\?{6})$/;

const DECIMAL = /^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$/;
const EMAIL = /^[^\s@,;"<>]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}$/;
const VPC_ID = /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/;
const SUBNET_ID = /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/;
/** What Lambda takes. */
const SUBNETS_MAX = 16;

/** Thrown by a parser of one value; says what was expected. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

/** A value that fits, as it is. */
export function fitting<T>(choice: Choice<T>, value: T): T {
  if (choice.fits(value)) return value;
  throw new Unexpected(choice.expected());
}

/** Context from `cdk.json` may hold arrays; the command line and the environment hold text: JSON, or items with commas. */
export function parseList(value: unknown): string[] {
  const items = typeof value === 'string' ? splitList(value) : value;
  if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
  throw new Unexpected('a list of texts, as JSON or as one text with commas');
}

function splitList(text: string): unknown {
  if (!text.trimStart().startsWith('[')) return text.split(',').map((item) => item.trim());
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function parseObject(value: unknown): object {
  const object: unknown = typeof value === 'string' ? parseJson(value) : value;
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object;
  throw new Unexpected('a JSON object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unexpected('a JSON object');
  }
}

export function parseInteger(value: unknown): number | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  return typeof value === 'string' && INTEGER.test(value) ? Number(value) : null;
}

export function parseIntegerWithin(value: unknown, min: number, max: number): number {
  const integer = parseInteger(value);
  if (integer !== null && integer >= min && integer <= max) return integer;
  throw new Unexpected(`an integer from ${min} to ${max}`);
}

export function parseBoolean(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Unexpected('true or false');
}

export function parsePrincipals(value: unknown): string[] {
  const arns = parseList(value);
  if (arns.every((arn) => PRINCIPAL_ARN.test(arn))) return arns;
  throw new Unexpected('a list of ARNs of accounts, users or roles, such as arn:aws:iam::123456789012:role/backend');
}

export function parseSecretArns(value: unknown): string[] {
  const arns = parseList(value);
  if (arns.every((arn) => FOREIGN_SECRET_ARN.test(arn))) return arns;
  throw new Unexpected(
    'a list of full ARNs of your own secrets, such as arn:aws:secretsmanager:us-east-1:123456789012:secret:cdp-AbCdEf, or with -?????? at the end',
  );
}

/** `none` is `null`. */
export function parseOptional<T>(value: unknown, parse: (given: unknown) => T): T | null {
  if (value === 'none' || value === null) return null;
  return parse(value);
}

export function parseNumberWithin(value: unknown, min: number, max: number): number {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number >= min && number <= max) return number;
  throw new Unexpected(`a number from ${min} to ${max}`);
}

export function parseEmail(value: unknown): string | null {
  return parseOptional(value, (given) => {
    if (typeof given === 'string' && EMAIL.test(given)) return given;
    throw new Unexpected("an e-mail address, or 'none'");
  });
}

export function parseVpc(value: unknown): { vpcId: string; subnetIds: string[] } | null {
  return parseOptional(value, (given) => {
    const { vpcId, subnetIds, ...others } = parseObject(given) as Readonly<Record<string, unknown>>;
    const fit =
      typeof vpcId === 'string' &&
      VPC_ID.test(vpcId) &&
      Array.isArray(subnetIds) &&
      subnetIds.length > 0 &&
      subnetIds.length <= SUBNETS_MAX &&
      subnetIds.every((id) => typeof id === 'string' && SUBNET_ID.test(id)) &&
      Object.keys(others).length === 0;
    if (fit) return { vpcId, subnetIds };
    throw new Unexpected(
      `a JSON object such as {"vpcId":"vpc-0123456789abcdef0","subnetIds":["subnet-0123456789abcdef0"]}`,
    );
  });
}

const DOMAIN_NAME = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate\/[A-Za-z0-9-]{1,64}$/;

export function isDomainName(value: unknown): value is string {
  return isMatch(value, DOMAIN_NAME);
}

export function parseDomainName(value: unknown): string | null {
  return parseOptional(value, (given) => {
    if (isDomainName(given)) return given;
    throw new Unexpected("a host name in small letters such as pay.example.com, or 'none'");
  });
}

export function parseCertificateArn(value: unknown): string | null {
  return parseOptional(value, (given) => {
    if (isMatch(given, CERTIFICATE_ARN)) return given;
    throw new Unexpected("the ARN of a certificate of ACM, or 'none'");
  });
}

const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const STREAM_ARN =
  /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table\/([A-Za-z0-9_.-]{3,255})\/stream\/[0-9T:.-]{10,40}$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]{1,64}$/;

export function parseExistingTables(value: unknown): ExistingTables | null {
  return parseOptional(value, (given) => {
    const tables = parseObject(given) as Readonly<Record<keyof ExistingTables, unknown>>;
    const { booksTableName, booksStreamArn, registryTableName, keyArn, ...others } = tables;
    const fit =
      isMatch(booksTableName, TABLE_NAME) &&
      isMatch(booksStreamArn, STREAM_ARN) &&
      isMatch(registryTableName, TABLE_NAME) &&
      isMatch(keyArn, KEY_ARN) &&
      STREAM_ARN.exec(booksStreamArn)?.[1] === booksTableName &&
      booksTableName !== registryTableName &&
      Object.keys(others).length === 0;
    if (fit) return { booksTableName, booksStreamArn, registryTableName, keyArn };
    throw new Unexpected(
      'a JSON object of booksTableName, booksStreamArn (of that table), registryTableName and keyArn (an ARN)',
    );
  });
}

function isMatch(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

const ISSUER = /^https:\/\/[^\s?#\\,@]+$/;

/** By the key under which managers and tokens of an issuer meet. `any` is `null`. */
export function parseIssuers(value: unknown): string[] | null {
  if (value === 'any' || value === null) return null;
  const issuers = value === 'none' ? [] : parseList(value).map(issuerKey);
  if (issuers.every((text) => ISSUER.test(text)) && ISSUERS.fits(issuers)) return issuers;
  throw new Unexpected(ISSUERS.expected());
}

const PRIVATE_RANGES_MAX = 16;

export function parsePrivateRanges(value: unknown): string[] {
  const ranges = value === 'none' ? [] : parseList(value);
  if (ranges.every(isAddressRange) && ranges.length <= PRIVATE_RANGES_MAX) return ranges;
  throw new Unexpected(`at most ${PRIVATE_RANGES_MAX} blocks of addresses in CIDR such as 10.20.0.0/16, or 'none'`);
}

const BROWSER_ORIGINS_MAX = 8;
/** As browsers write it; over http only on one's own machine. */
const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?$|^http:\/\/(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?$/;

export function parseBrowserOrigins(value: unknown): string[] {
  const origins = value === 'none' ? [] : parseList(value);
  const areOrigins = origins.every((text) => ORIGIN.test(text) && URL.canParse(text) && new URL(text).origin === text);
  if (areOrigins && new Set(origins).size === origins.length && origins.length <= BROWSER_ORIGINS_MAX) return origins;
  throw new Unexpected(
    `at most ${BROWSER_ORIGINS_MAX} different origins as browsers write them, such as https://app.example, or 'none'; http on this machine alone`,
  );
}
