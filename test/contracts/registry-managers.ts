import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Registry, Remembered } from '../../lib/domain/ports/registry.ts';
import type { Authorizer, PaymentManager } from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { makeJwtAuthorizer } from '../support/principals.ts';
import { NOW } from '../support/payments.ts';
import { createParents, makeManager, makeManagerId } from '../support/registry.ts';
import { PARALLEL, times } from './parallel.ts';

const LATER = addMs(NOW, 1_000);

/** A client token that nobody used before. */
export const makeRemembered = (answer = '{"a":1}'): Remembered => ({
  tokenKey: randomBytes(32).toString('hex'),
  requestHash: 'h1',
  answer,
});

export const count = <T>(outcomes: readonly T[], wanted: T) => outcomes.filter((each) => each === wanted).length;

/** What every registry must do with managers. */
export function managerContract(registry: () => Registry): void {
  const read = ({ managerId }: PaymentManager) => registry().readManager(managerId);
  const create = async (overrides: Partial<PaymentManager> = {}) => {
    const manager = makeManager(overrides);
    expect(await registry().createManager(manager, null)).toBe('changed');
    return manager;
  };
  const change = (manager: PaymentManager, overrides: Partial<PaymentManager> = {}): PaymentManager => ({
    ...manager,
    updatedAt: LATER,
    revision: manager.revision + 1,
    ...overrides,
  });

  describe('a manager', () => {
    test('reads back as it was created', async () => {
      const authorizer: Authorizer = {
        type: 'CUSTOM_JWT',
        jwt: makeJwtAuthorizer({ advertisedScopeMapping: { a: 'b' } }),
      };
      for (const overrides of [
        {},
        { description: '', name: 'Größe "x"', tags: { team: 'research', empty: '' } },
        { tags: {} },
        { authorizer },
      ]) {
        const manager = await create(overrides);
        expect(await read(manager)).toEqual(manager);
      }
    });

    test('is null where none was created', async () => {
      expect(await registry().readManager(makeManagerId())).toBeNull();
    });

    test('keeps the first creation when there is a second one', async () => {
      const manager = await create();
      expect(await registry().createManager({ ...manager, name: 'other' }, null)).toBe('stale');
      expect(await read(manager)).toEqual(manager);
    });

    test('is not created under a client token that is used up, nor is its workload identity', async () => {
      const remembered = makeRemembered();
      const [first, second] = [makeManager(), makeManager()];
      expect(await registry().createManager(first, remembered)).toBe('changed');
      expect(await registry().createManager(second, remembered)).toBe('stale');
      expect(await read(second)).toBeNull();
      // The name is still free.
      expect(await registry().createManager(second, null)).toBe('changed');
    });

    test('is created once by parallel creations', async () => {
      const manager = makeManager();
      const outcomes = await Promise.all(times(PARALLEL, () => registry().createManager(manager, null)));
      expect([count(outcomes, 'changed'), count(outcomes, 'stale')]).toEqual([1, PARALLEL - 1]);
    });

    test('reads back as it was changed, whichever authorizer it had', async () => {
      const iam: Authorizer = { type: 'AWS_IAM' };
      const jwt: Authorizer = { type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer() };
      const other: Authorizer = {
        type: 'CUSTOM_JWT',
        jwt: makeJwtAuthorizer({ discoveryUrl: 'https://other.example/.well-known/openid-configuration' }),
      };
      // The same issuer, written with a slash at its end.
      const slashed: Authorizer = {
        type: 'CUSTOM_JWT',
        jwt: makeJwtAuthorizer({ discoveryUrl: 'https://other.example//.well-known/openid-configuration' }),
      };
      let manager = await create({ tags: { kept: 'yes' } });
      for (const authorizer of [jwt, other, slashed, other, iam, iam, slashed, iam]) {
        const next = change(manager, { authorizer, description: `revision ${manager.revision + 1}` });
        expect(await registry().replaceManager(next, manager, null)).toBe('changed');
        expect(await read(next)).toEqual(next);
        manager = next;
      }
    });

    test('is not changed by a caller that read an earlier revision, and keeps its token free', async () => {
      const manager = await create();
      const next = change(manager, { description: 'first' });
      const remembered = makeRemembered();
      expect(await registry().replaceManager(next, manager, null)).toBe('changed');
      const late = change(manager, { description: 'second' });
      expect(await registry().replaceManager(late, manager, remembered)).toBe('stale');
      expect(await read(manager)).toEqual(next);
      expect(await registry().replaceManager(change(next), next, remembered)).toBe('changed');
    });

    test('is changed once by parallel changes of one revision', async () => {
      const manager = await create();
      const outcomes = await Promise.all(
        times(PARALLEL, (index) =>
          registry().replaceManager(change(manager, { description: `${index}` }), manager, null),
        ),
      );
      expect([count(outcomes, 'changed'), count(outcomes, 'stale')]).toEqual([1, PARALLEL - 1]);
      const winner = outcomes.indexOf('changed');
      expect((await read(manager))?.description).toBe(`${winner}`);
    });

    test('is gone once deleted, for good, and cannot be changed, deleted or made again', async () => {
      for (const authorizer of [{ type: 'AWS_IAM' }, { type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer() }] as const) {
        const manager = await create({ authorizer });
        expect(await registry().deleteManager(manager, makeRemembered(), LATER)).toBe('changed');
        expect(await read(manager)).toBeNull();
        expect(await registry().replaceManager(change(manager), manager, null)).toBe('stale');
        expect(await registry().deleteManager(manager, null, LATER)).toBe('stale');
        expect(await registry().createManager(manager, null)).toBe('stale');
        expect(await read(manager)).toBeNull();
      }
    });

    test('is not deleted under a client token that is used up, nor by a caller that read an earlier revision', async () => {
      const manager = await create();
      const remembered = makeRemembered();
      const next = change(manager);
      expect(await registry().replaceManager(next, manager, remembered)).toBe('changed');
      expect(await registry().deleteManager(manager, null, LATER)).toBe('stale');
      expect(await registry().deleteManager(next, remembered, LATER)).toBe('stale');
      expect(await read(manager)).toEqual(next);
    });

    test('is in use while it has a connector, and not before or after', async () => {
      const { managerId, connectorId } = await createParents(registry());
      const manager = (await registry().readManager(managerId))!;
      expect(await registry().deleteManager(manager, null, LATER)).toBe('in_use');
      expect(await read(manager)).toEqual(manager);
      const connector = (await registry().readConnector(managerId, connectorId))!;
      expect(await registry().deleteConnector(connector, null, LATER)).toBe('changed');
      expect(await registry().deleteManager(manager, null, LATER)).toBe('changed');
    });
  });
}
