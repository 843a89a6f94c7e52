import { describe, expect, test } from 'vitest';
import { RESOURCE_DESCRIPTION_MAX_BYTES, RESOURCE_URL_MAX_BYTES } from '../../lib/domain/limits.ts';
import { toResource } from '../../lib/domain/payment/resource.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';
import { sizeOfItem } from '../support/item-size.ts';
import { makePayment, makeSession } from '../support/payments.ts';

const WRITE_UNIT_BYTES = 1_024;

describe('what a payment is for', () => {
  test('is kept without query, fragment, name and password', () => {
    expect(toResource({ url: 'https://me:key@api.example.com/report?token=secret#top' })).toEqual({
      url: 'https://api.example.com/report',
      description: null,
    });
  });

  test('is kept of plain HTTP as well', () => {
    expect(toResource({ url: 'http://localhost:4021/report' })?.url).toBe('http://localhost:4021/report');
  });

  test.each(['', 'report', 'file:///etc/passwd', 'javascript:alert(1)'])('is no %j', (url) => {
    expect(toResource({ url })).toBeNull();
  });

  test('is cut between characters to what an item has room for', () => {
    const resource = toResource({
      url: `https://api.example.com/${'x'.repeat(4_000)}`,
      description: '😀'.repeat(1_000),
    });
    expect(Buffer.byteLength(resource!.url)).toBe(RESOURCE_URL_MAX_BYTES);
    expect(resource!.url).toMatch(/x…$/);
    expect(resource!.description).toMatch(/^(?:😀)+…$/u);
    expect(Buffer.byteLength(resource!.description!)).toBeLessThanOrEqual(RESOURCE_DESCRIPTION_MAX_BYTES);
  });

  test('is kept whole where it just fits', () => {
    const url = `https://a.example/${'x'.repeat(RESOURCE_URL_MAX_BYTES - 'https://a.example/'.length)}`;
    const description = 'd'.repeat(RESOURCE_DESCRIPTION_MAX_BYTES);
    expect(toResource({ url, description })).toEqual({ url, description });
  });

  test('is one line, and nothing where nothing was said', () => {
    const told = (description: string) => toResource({ url: 'https://a.example/', description })?.description;
    expect(told(' two\nlines\u{1B}[2J ')).toBe('two lines [2J');
    expect(told('one \r\n\t blank')).toBe('one blank');
    expect(told(' \n')).toBeNull();
  });

  test('leaves the item of a common payment below one write unit, however much was said', () => {
    const resource = toResource({ url: `https://a.example/${'x'.repeat(400)}`, description: 'd'.repeat(400) });
    const payment = makePayment(makeSession(), {
      agentName: 'research-assistant',
      userId: 'u'.repeat(40),
      resource,
      status: 'SIGNED',
      signatures: [`0x${'5c'.repeat(65)}`],
      budget: { available: toMicroUsd(9_500_000n), reserved: toMicroUsd(500_000n), spent: toMicroUsd(0n) },
    });
    expect(sizeOfItem(toPaymentItem(payment, schemeOf))).toBeLessThan(WRITE_UNIT_BYTES);
  });
});
