// The live connection of a unit.
import type { ByteStream, Ending } from '../../kernel/bytes/stream.ts';
import type { ConnectFields, Message, Session, SessionEvents } from '../session/session.ts';
import type { UnitEnv } from './env.ts';
import { Mailbox } from './mailbox.ts';

/** One object for all that a session tells of: a fleet has thousands of them. */
export class Link implements SessionEvents {
  readonly session: Session;
  readonly stream: ByteStream;
  readonly mailbox: Mailbox;
  readonly #heard: (message: Message) => void;
  readonly #closed: (link: Link, ending: Ending) => void;

  constructor(
    stream: ByteStream,
    fields: ConnectFields,
    env: UnitEnv,
    heard: (message: Message) => void,
    closed: (link: Link, ending: Ending) => void,
  ) {
    this.stream = stream;
    this.#heard = heard;
    this.#closed = closed;
    this.mailbox = new Mailbox(env.clock);
    this.session = env.openSession(stream, fields, this, env);
  }

  message(message: Message): void {
    this.#heard(message);
    this.mailbox.deliver(message);
  }

  close(ending: Ending): void {
    this.mailbox.close();
    this.#closed(this, ending);
  }
}
