import * as v from 'valibot';
import {
  IDENTITY_PAGE_SIZE_DEFAULT,
  IDENTITY_PAGE_SIZE_MAX,
  NEXT_TOKEN_MAX_CHARS,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
} from '../../domain/limits.ts';
import type { PageRequest } from '../../domain/ports/services.ts';
import { text, wholeNumber } from './text.ts';

const nextToken = v.optional(text(1, NEXT_TOKEN_MAX_CHARS, { pattern: /^\S*$/, expected: 'a token without spaces' }));

/** The members of a list's request that stand in its body. */
export const pageMembers = { maxResults: v.optional(wholeNumber(1, PAGE_SIZE_MAX)), nextToken };

/** The same from a query string, where numbers are text. */
export const pageMembersOfQuery = {
  maxResults: v.optional(
    v.pipe(
      text(1, 3, { pattern: /^[0-9]+$/, expected: 'decimal digits' }),
      v.transform(Number),
      wholeNumber(1, PAGE_SIZE_MAX),
    ),
  ),
  nextToken,
};

/** AgentCore lets lists of identities have twenty items a page. */
export const identityPageMembers = { maxResults: v.optional(wholeNumber(1, IDENTITY_PAGE_SIZE_MAX)), nextToken };

interface PageMembers {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** The page that a request asks for. */
export function toPage(members: PageMembers, sizeDefault: number = PAGE_SIZE_DEFAULT): PageRequest {
  const start = members.nextToken === undefined ? {} : { nextToken: members.nextToken };
  return { maxResults: members.maxResults ?? sizeDefault, ...start };
}

export function toIdentityPage(members: PageMembers): PageRequest {
  return toPage(members, IDENTITY_PAGE_SIZE_DEFAULT);
}
