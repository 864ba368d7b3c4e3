/**
 * Edge: WireGuard socket — asks wireguard-go what it has, by its cross-platform protocol.
 *
 * Its answer holds secrets; it goes to `wireguard-answer.ts` and nowhere else.
 */
import { createConnection } from 'node:net';
import { reduceAnswer } from './wireguard-answer.ts';

/** Where wireguard-go puts its sockets, one for each interface. */
const DIRECTORY = '/var/run/wireguard';

/** How long it may take. Its answer comes from memory. */
const ANSWER_MS = 1_000;

/** Most that is read: 300 bytes for each of 10,000 peers. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** The sign `wireguard-go` of the port: `none` when there is no whole answer. */
export async function askWireguardGo(name: string, heardMs: number): Promise<string> {
  const answer = await ask(`${DIRECTORY}/${name}.sock`);
  return (answer === null ? null : reduceAnswer(answer, Date.now(), heardMs)) ?? 'none';
}

function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection({ path });
    const finish = (answer: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(null), ANSWER_MS);
    socket.setEncoding('latin1');
    socket.once('error', () => finish(null));
    socket.once('close', () => finish(null));
    socket.once('connect', () => socket.write('get=1\n\n'));
    socket.on('data', (more: string) => {
      text += more;
      if (text.endsWith('\n\n')) finish(text);
      else if (text.length > ANSWER_BYTES_MAX) finish(null);
    });
  });
}
