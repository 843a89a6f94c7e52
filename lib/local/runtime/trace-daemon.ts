import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { LOOPBACK } from '../../domain/loopback.ts';
import { parseSpans, type ReceivedSpan } from './otlp.ts';

/** In place of X-Ray's daemon, which Lambda runs beside a function: takes spans in datagrams and keeps them. */
export interface TraceDaemon {
  /** As `AWS_XRAY_DAEMON_ADDRESS` has it. */
  readonly address: string;
  /** What was sent since the start, in the order in which it came; the latest ten thousand. */
  spans(): readonly ReceivedSpan[];
  close(): Promise<void>;
}

const HEADER = '{"format":"json","version":1}\n';
/** Sampled OpenTelemetry spans, in protobuf and base64. */
const SPANS_MARK = 'T1S';
const SPANS_MAX = 10_000;

/** @param file hears every span as a line of JSON; `null` keeps none */
export async function startTraceDaemon(file: string | null, report: (problem: string) => void): Promise<TraceDaemon> {
  const spans: ReceivedSpan[] = [];
  const socket = createSocket('udp4');
  socket.on('error', (error) => report(`traces: ${error.message}`));
  socket.on('message', (datagram) => {
    try {
      const received = parseDatagram(datagram);
      spans.push(...received);
      spans.splice(0, spans.length - SPANS_MAX);
      if (file !== null) appendFileSync(file, received.map((span) => `${JSON.stringify(span)}\n`).join(''));
    } catch (error) {
      report(`traces: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return {
    address: `${LOOPBACK}:${socket.address().port}`,
    spans: () => spans,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => resolve());
      }),
  };
}

function parseDatagram(datagram: Buffer): ReceivedSpan[] {
  const prefix = HEADER + SPANS_MARK;
  const text = datagram.toString('latin1');
  if (!text.startsWith(prefix)) throw new Error('a datagram without the header of sampled spans');
  return parseSpans(Buffer.from(text.slice(prefix.length), 'base64'));
}
