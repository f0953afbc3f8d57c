// What a unit keeps over a power cut.

/** Credentials as they were delivered. */
export type Credentials =
  | { readonly kind: 'secret'; readonly deviceSecret: string }
  | { readonly kind: 'token'; readonly clientId: string; readonly deviceToken: string };

export interface Flash {
  read(): Credentials | undefined;
  write(credentials: Credentials): void;
  erase(): void;
}

class MemoryFlash implements Flash {
  #stored: Credentials | undefined;

  constructor(content: Credentials | undefined) {
    this.#stored = content;
  }

  read(): Credentials | undefined {
    return this.#stored;
  }

  write(credentials: Credentials): void {
    this.#stored = credentials;
  }

  erase(): void {
    this.#stored = undefined;
  }
}

/** A flash that lives as long as the process: a power cycle of the virtual unit does not touch it. */
export function memoryFlash(content?: Credentials): Flash {
  return new MemoryFlash(content);
}
