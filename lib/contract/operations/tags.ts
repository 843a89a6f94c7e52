import * as v from 'valibot';
import { parseTaggedArn } from '../../domain/tenants/tagged-arn.ts';
import { TAG_KEYS_MAX } from '../../domain/limits.ts';
import { tagKey, tags } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { nothing, tagSet } from '../fields/answers.ts';
import { MANAGER_ARN } from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';

const operator = ['ControlPlaneRole'] as const;
const operatorReads = ['ControlPlaneRole', 'ObserverRole'] as const;

/** Tags of managers, credential providers and workload identities. */
export const TAG_ROUTES = {
  TagResource: {
    method: 'POST',
    path: '/tags/{resourceArn}',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
  },
  UntagResource: {
    method: 'DELETE',
    path: '/tags/{resourceArn}',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    query: { tagKeys: 'many' },
  },
  ListTagsForResource: {
    method: 'GET',
    path: '/tags/{resourceArn}',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
} as const satisfies OperationTable;

export const TAG_REQUESTS = /* @__PURE__ */ define(() => {
  /** Of any service, so that what is not ours is "not found" and no mistake in form. */
  const resourceArn = v.pipe(
    text(20, 1_011, {
      pattern: /^arn:[^:\s]*:[a-z0-9-]+:[a-z0-9-]+:[0-9]{12}:[a-z-]+\/[^/\s]+(?:\/[a-z-]+\/[^/\s]+)*$/,
      expected: 'the ARN of a resource',
    }),
    v.transform(parseTaggedArn),
  );
  return {
    TagResource: v.pipe(
      v.object({ resourceArn, tags: v.nonOptional(tags, 'is required') }),
      v.transform((members) => ({ resource: members.resourceArn, tags: members.tags })),
    ),
    UntagResource: v.pipe(
      v.object({
        resourceArn,
        tagKeys: v.pipe(
          v.array(tagKey, 'must be a list'),
          v.minLength(1, 'must name at least one tag'),
          v.maxLength(TAG_KEYS_MAX, `must name at most ${TAG_KEYS_MAX} tags`),
        ),
      }),
      v.transform((members) => ({ resource: members.resourceArn, keys: members.tagKeys })),
    ),
    ListTagsForResource: v.pipe(
      v.object({ resourceArn }),
      v.transform((members) => ({ resource: members.resourceArn })),
    ),
  } as const;
});

export const TAG_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      TagResource: nothing,
      UntagResource: nothing,
      ListTagsForResource: v.strictObject({ tags: tagSet }),
    }) as const,
);

export const TAG_DOCUMENT = {
  tag: 'Tags',
  description:
    'Payment managers, credential providers and workload identities may have tags. Bursar gives them no meaning.',
  operations: {
    TagResource: {
      summary: 'Adds tags to a manager, credential provider or workload identity.',
      request: { resourceArn: MANAGER_ARN, tags: { team: 'research' } },
      answer: null,
    },
    UntagResource: {
      summary: 'Removes tags.',
      request: { resourceArn: MANAGER_ARN, tagKeys: ['team'] },
      answer: null,
    },
    ListTagsForResource: {
      summary: 'Reads the tags of a resource.',
      request: { resourceArn: MANAGER_ARN },
      answer: { tags: { team: 'research' } },
    },
  },
} as const satisfies FamilyDocument<typeof TAG_ROUTES, typeof TAG_REQUESTS, typeof TAG_ANSWERS>;
