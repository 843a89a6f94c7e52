import { createSocket, type Socket } from 'node:dgram';
import { TRACE_DATAGRAM_MAX_BYTES } from '../../domain/limits.ts';
import type { SpanSource } from '../traced-request.ts';

// AWS's own package of this protocol, @aws/aws-distro-opentelemetry-exporter-xray-udp 0.0.2, throws from the callback of a
// failed send, where nobody can catch it: the process would end in the middle of a payment. It does not say when a datagram
// has left either, and needs OpenTelemetry 1.x with the whole of protobufjs.

/** The daemon's header, and the mark of sampled OpenTelemetry spans in protobuf. */
const PREFIX = '{"format":"json","version":1}\nT1S';

/** Sends requests of OTLP to X-Ray's daemon. One datagram each, so that there is no answer to wait for. */
export interface DaemonClient {
  /** Resolves when the datagram has left this process; rejects where it could not. */
  send(otlp: Uint8Array): Promise<void>;
}

/** @see https://github.com/aws-observability/aws-otel-js-instrumentation (the protocol, as Lambda's daemon speaks it) */
export function createDaemonClient({ host, port }: SpanSource['daemon']): DaemonClient {
  let socket: Socket | null = null;
  const drop = (): void => {
    socket?.close();
    socket = null;
  };
  const open = (): Socket => {
    const opened = createSocket('udp4');
    // An error without a listener would end the process; the next spans have a new socket.
    opened.on('error', () => {
      if (socket === opened) drop();
    });
    return opened.unref();
  };
  return {
    send: (otlp) =>
      new Promise((resolve, reject) => {
        const datagram = Buffer.from(PREFIX + Buffer.from(otlp).toString('base64'));
        if (datagram.byteLength > TRACE_DATAGRAM_MAX_BYTES) {
          reject(new RangeError(`spans of ${datagram.byteLength} bytes, expected at most ${TRACE_DATAGRAM_MAX_BYTES}`));
          return;
        }
        socket ??= open();
        socket.send(datagram, port, host, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
  };
}
