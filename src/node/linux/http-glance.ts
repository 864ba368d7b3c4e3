/**
 * Edge: http glance — whether a web server answers, by the status of one answer.
 *
 * 1. The body is not read: the connection is cut as soon as the head is there.
 * 2. It ends in time, whatever the server sends: it may trickle a head that never ends.
 */
import { request } from 'node:http';
import { endpointText } from '../../crdt/endpoints.ts';
import type { Sign } from '../../sign.ts';
import { failureOf } from './failed-connect.ts';

/** Longest head of an answer. Unit: bytes. */
const HEAD_BYTES_MAX = 16_384;

/** What comes of a GET, as the sign `http` says it. */
export const getStatus = (sign: Sign & { readonly kind: 'http' }): Promise<string> =>
  new Promise((resolve) => {
    const { host, port, path, withinMs } = sign;
    const asked = request({
      ...{ host, port, path, method: 'GET', agent: false, maxHeaderSize: HEAD_BYTES_MAX },
      headers: {
        host: endpointText({ host, port }),
        'user-agent': 'cnsmo-health',
        connection: 'close',
      },
    });
    const end = (answer: string): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end('silent'), withinMs);
    asked.once('response', ({ statusCode = 0 }) => {
      end(statusCode >= 200 && statusCode < 400 ? 'answered' : `status ${statusCode}`);
    });
    asked.on('error', (error) => end(failureOf(error)));
    asked.end();
  });
