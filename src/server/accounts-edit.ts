import { isMap, isSeq, type Node, parseDocument, YAMLMap, YAMLSeq } from "yaml";
import type { Account } from "./accounts.ts";
import type { ScramKeys } from "./scram-keys.ts";

/** What may be different about an account. */
export type AccountChange = Partial<Pick<Account, "roles" | "passwordHash" | "scramSha256">>;

const newFile = `# The accounts of a broker. "petstore-mqtt account" writes here, and people may: it is read again when it changes.
# Whoever can read it can try passwords: keep it to yourself (mode 600).
accounts: []
`;

/** The text of an accounts file being changed; comments, order and everything else in it stay. */
export class AccountsEdit {
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #list: YAMLSeq;

  /**
   * @param text of a file without findings; undefined for a new one
   */
  constructor(text: string | undefined) {
    this.#document = parseDocument(text ?? newFile);
    const { contents } = this.#document;
    const root = isMap(contents) ? contents : new YAMLMap();
    this.#document.contents = root as Node as typeof contents;
    const found: unknown = root.get("accounts", true);
    if (isSeq(found)) {
      this.#list = found;
    } else {
      this.#list = new YAMLSeq();
      root.set("accounts", this.#list);
    }
  }

  add(account: Account): void {
    // `[]` holds none, but what comes in shall stand on lines of its own.
    if (this.#list.items.length === 0) this.#list.flow = false;
    const item = new YAMLMap();
    item.set("name", account.name);
    this.#list.add(item);
    this.#put(item, account);
  }

  /** @throws Error when it is written in a way that only people can change */
  change(name: string, change: AccountChange): void {
    this.#put(this.#item(name), change);
  }

  /** @throws Error when it is written in a way that only people can change */
  remove(name: string): void {
    const item = this.#item(name);
    this.#list.items.splice(this.#list.items.indexOf(item), 1);
    if (this.#list.items.length === 0) this.#list.flow = true;
  }

  /** @param decoyKey kept when there is none yet */
  ensureDecoyKey(decoyKey: Uint8Array): void {
    if (!this.#document.has("decoyKey")) this.#document.set("decoyKey", base64(decoyKey));
  }

  toString(): string {
    return this.#document.toString({ lineWidth: 0 });
  }

  #put(item: YAMLMap, change: AccountChange): void {
    const { roles, passwordHash, scramSha256 } = change;
    if (roles !== undefined) item.set("roles", this.#document.createNode(roles, { flow: true }));
    if (passwordHash !== undefined) item.set("passwordHash", passwordHash);
    if (scramSha256 !== undefined) item.set("scramSha256", this.#document.createNode(written(scramSha256)));
    else if ("scramSha256" in change) item.delete("scramSha256");
  }

  #item(name: string): YAMLMap {
    const item = this.#list.items.find((each): each is YAMLMap => isMap(each) && each.get("name") === name);
    if (item !== undefined) return item;
    throw new Error(`${name} is written with an alias of YAML; change it by hand`);
  }
}

function written({ salt, iterations, storedKey, serverKey }: ScramKeys): Record<string, string | number> {
  return { salt: base64(salt), iterations, storedKey: base64(storedKey), serverKey: base64(serverKey) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
