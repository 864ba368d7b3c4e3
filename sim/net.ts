/**
 * Edge: net — ports and the local API's socket of a simulated VM.
 */
import { Fault } from '../src/fault.ts';
import type { ApiAnswer, ApiRequest, Net } from '../src/ports.ts';
import type { Kernel } from './kernel.ts';
import type { Life } from './life.ts';
import { doorOf, type Hall } from './party.ts';
import { connect } from './servers.ts';
import { glanceAt } from './sign.ts';
import type { Tunnels } from './tunnel.ts';

/** Answers what comes over the socket. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiAnswer>;

/** The socket of one VM: who serves it. */
export interface ApiSocket {
  handler: ApiHandler | null;
}

/** The VM. */
interface Place {
  readonly kernel: Kernel;
  readonly children: ReadonlyMap<string, unknown>;
  readonly socket: ApiSocket;
  readonly tunnels: Tunnels;
}

/** Ports and socket as one process sees them. */
export function openNet(hall: Hall, place: Place, life: Life): Net {
  const { kernel, children, socket, tunnels } = place;
  return {
    isPortFree: (port) =>
      life.promise(({ resolve }) => {
        life.after(1, () => resolve(!hall.listeners.has(doorOf(kernel.station, port))));
      }),
    glance: (sign) =>
      life.promise(({ resolve }) => {
        const isOfServer = sign.kind === 'reach' || sign.kind === 'http';
        if (isOfServer && kernel.servers !== null)
          connect({ kernel, tunnels, life }, sign, resolve);
        else life.after(1, () => resolve(glanceAt(kernel, children, sign)));
      }),
    serveApi: (handler) =>
      life.promise((answer) => {
        life.after(1, () => {
          if (socket.handler !== null) return answer.reject(heldSocket());
          socket.handler = handler;
          const release = (): void => {
            if (socket.handler === handler) socket.handler = null;
          };
          life.onEnd(release);
          answer.resolve(async () => release());
        });
      }),
  };
}

const heldSocket = (): Fault =>
  new Fault('refused', {
    field: 'run',
    value: 'api.sock',
    why: 'a daemon runs here already',
    remedy: 'stop it first',
  });
