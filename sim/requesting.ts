/**
 * Edge: requesting — one request and one answer over a wire.
 */
import { Fault } from '../src/fault.ts';
import { type Hall, type Party, swarmFault } from './party.ts';
import type { End } from './wire.ts';

/** What is asked. */
export interface Question {
  readonly protocol: string;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

/** Sends a request and waits for the answer; as `SwarmNode.request` wants it. */
export function request(
  hall: Hall,
  party: Party,
  end: End,
  question: Question,
): Promise<Uint8Array> {
  const { protocol, timeoutMs } = question;
  const body = question.body.slice();
  return party.life.promise((answer) => {
    const finish = (): void => {
      cancel();
      end.waiting.delete(refuse);
    };
    const refuse = (): void => {
      finish();
      answer.reject(swarmFault('refused', end.peer, `${protocol} closed without an answer`));
    };
    const cancel = party.life.after(timeoutMs, () => {
      end.waiting.delete(refuse);
      answer.reject(swarmFault('timeout', end.peer, `no answer to ${protocol} in time`));
    });
    end.waiting.add(refuse);
    const take = (bytes: Uint8Array | null): void => {
      if (bytes === null) refuse();
      else {
        finish();
        answer.resolve(bytes.slice());
      }
    };
    hall.trace.note(hall.scheduler.nowMs(), party.life.name, `ask ${protocol}`, body);
    hall.wires.carry(end, body.length, (to) =>
      serve(hall, to, { protocol, body, meshId: party.config.meshId }, (bytes) =>
        hall.wires.carry(to, bytes?.length ?? 0, () => take(bytes)),
      ),
    );
  });
}

/** Answers with bytes, or with null: the stream closes. */
type Reply = (bytes: Uint8Array | null) => void;

type Served = NonNullable<ReturnType<Party['handlers']['get']>>;

interface Asked extends Omit<Question, 'timeoutMs'> {
  readonly meshId: string;
}

function serve(hall: Hall, end: End, asked: Asked, reply: Reply): void {
  const party = end.holder as Party;
  const served = party.handlers.get(asked.protocol);
  const isOurs = asked.meshId === party.config.meshId;
  const mayUse = end.standing === 'member' || served?.options.inviteMayUse === true;
  if (served === undefined || !isOurs || !mayUse || asked.body.length > served.options.bytesMax) {
    reply(null);
    return;
  }
  party.life.run(() => answer(hall, end, asked, { served, reply }));
}

function answer(
  hall: Hall,
  end: End,
  asked: Asked,
  { served, reply }: { readonly served: Served; readonly reply: Reply },
): void {
  const party = end.holder as Party;
  const { peer, standing, remote } = end;
  served.handler({ peer, standing, remote }, asked.body).then(
    (bytes) => {
      hall.trace.note(hall.scheduler.nowMs(), party.life.name, `answer ${asked.protocol}`, bytes);
      if (end.isOpen) reply(bytes.length > served.options.bytesMax ? null : bytes);
    },
    (error: unknown) => {
      if (!(error instanceof Fault)) hall.scheduler.fail(error);
      if (end.isOpen) reply(null);
    },
  );
}
