/** A filter level's place; fields stay undefined until something is there, since most nodes have one child. */
interface Node<Entry> {
  children: Map<string, Node<Entry>> | undefined;
  /** The child for `+`. */
  plus: Node<Entry> | undefined;
  /** Who subscribed with the filter that ends here. */
  entries: Entries<Entry> | undefined;
  /** Who subscribed with this filter and `/#`. */
  hash: Entries<Entry> | undefined;
}

/** Most filters have one subscriber, which then needs no set. */
type Entries<Entry> = { readonly one: Entry } | Set<Entry>;

/**
 * Topic Filter → subscribers, asked by Topic Name.
 *
 * ```
 *   exact   "a/b" → e1          filters without wildcards, by their whole text
 *
 *   root ── "a" ── + ── "c" → e2      a/+/c
 *            └──── # → e3             a/#     (also a itself)
 *   └─ # → e4                         #
 * ```
 *
 * A match costs one look-up, then one step per level and node that can still match.
 */
export class SubscriptionTrie<Entry> {
  readonly #exact: Map<string, Entries<Entry>> = new Map();
  readonly #root: Node<Entry> = createNode();
  #wildcards = 0;
  #size = 0;

  /** How many entries there are, over all filters. */
  get size(): number {
    return this.#size;
  }

  /** Adds an entry under a well-formed filter; one that is there already stays once. */
  add(topicFilter: string, entry: Entry): void {
    if (!hasWildcard(topicFilter)) {
      const before = this.#exact.get(topicFilter);
      const after = withEntry(before, entry);
      if (after === undefined) return;
      this.#size += 1;
      if (after !== before) this.#exact.set(topicFilter, after);
      return;
    }
    let node = this.#root;
    const levels = topicFilter.split("/");
    const isHash = levels.at(-1) === "#";
    if (isHash) levels.pop();
    for (const level of levels) node = childFor(node, level);
    const after = withEntry(isHash ? node.hash : node.entries, entry);
    if (after === undefined) return;
    if (isHash) node.hash = after;
    else node.entries = after;
    this.#size += 1;
    this.#wildcards += 1;
  }

  /** Takes an entry away; false when it was not there. */
  remove(topicFilter: string, entry: Entry): boolean {
    if (!hasWildcard(topicFilter)) {
      const before = this.#exact.get(topicFilter);
      if (before === undefined || !contains(before, entry)) return false;
      const after = withoutEntry(before, entry);
      if (after === undefined) this.#exact.delete(topicFilter);
      this.#size -= 1;
      return true;
    }
    const levels = topicFilter.split("/");
    const isHash = levels.at(-1) === "#";
    if (isHash) levels.pop();
    const path: Node<Entry>[] = [this.#root];
    for (const level of levels) {
      const parent = path.at(-1);
      const child = level === "+" ? parent?.plus : parent?.children?.get(level);
      if (child === undefined) return false;
      path.push(child);
    }
    const node = path.at(-1) ?? this.#root;
    const before = isHash ? node.hash : node.entries;
    if (before === undefined || !contains(before, entry)) return false;
    const after = withoutEntry(before, entry);
    if (isHash) node.hash = after;
    else node.entries = after;
    this.#size -= 1;
    this.#wildcards -= 1;
    prune(path, levels);
    return true;
  }

  /** Pushes every entry of every filter that matches. */
  match(topicName: string, into: Entry[]): void {
    // [MQTT-3.3.2-3] [MQTT311-3.3.2-3]
    const exact = this.#exact.get(topicName);
    if (exact !== undefined) collect(exact, into);
    if (this.#wildcards > 0) this.#matchWildcards(topicName, into);
  }

  #matchWildcards(topicName: string, into: Entry[]): void {
    // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]
    const isHidden = topicName.startsWith("$");
    if (!isHidden && this.#root.hash !== undefined) collect(this.#root.hash, into);
    let nodes: Node<Entry>[] = [this.#root];
    let start = 0;
    for (let level = 0; nodes.length > 0; level += 1) {
      const slash = topicName.indexOf("/", start);
      const text = topicName.slice(start, slash < 0 ? undefined : slash);
      const next: Node<Entry>[] = [];
      for (const node of nodes) {
        const child = node.children?.get(text);
        // [MQTT-3.3.2-3] [MQTT311-3.3.2-3]
        if (child !== undefined) next.push(child);
        if (node.plus !== undefined && !(level === 0 && isHidden)) next.push(node.plus);
      }
      for (const node of next) if (node.hash !== undefined) collect(node.hash, into);
      nodes = next;
      if (slash < 0) break;
      start = slash + 1;
    }
    for (const node of nodes) if (node.entries !== undefined) collect(node.entries, into);
  }
}

function hasWildcard(topicFilter: string): boolean {
  return topicFilter.includes("+") || topicFilter.includes("#");
}

function createNode<Entry>(): Node<Entry> {
  return { children: undefined, plus: undefined, entries: undefined, hash: undefined };
}

function childFor<Entry>(node: Node<Entry>, level: string): Node<Entry> {
  if (level === "+") {
    node.plus ??= createNode();
    return node.plus;
  }
  node.children ??= new Map();
  let child = node.children.get(level);
  if (child === undefined) {
    child = createNode();
    node.children.set(level, child);
  }
  return child;
}

/** From the leaf up: a node that nothing hangs on goes. */
function prune<Entry>(path: readonly Node<Entry>[], levels: readonly string[]): void {
  for (let depth = levels.length; depth > 0; depth -= 1) {
    const node = path[depth];
    const parent = path[depth - 1];
    const level = levels[depth - 1];
    if (node === undefined || parent === undefined || level === undefined || !isEmpty(node)) return;
    if (level === "+") parent.plus = undefined;
    else parent.children?.delete(level);
    if (parent.children?.size === 0) parent.children = undefined;
  }
}

function isEmpty<Entry>({ children, plus, entries, hash }: Node<Entry>): boolean {
  return children === undefined && plus === undefined && entries === undefined && hash === undefined;
}

/** The entries with one more; undefined when it was there. */
function withEntry<Entry>(entries: Entries<Entry> | undefined, entry: Entry): Entries<Entry> | undefined {
  if (entries === undefined) return { one: entry };
  if (contains(entries, entry)) return undefined;
  if (!(entries instanceof Set)) return new Set([entries.one, entry]);
  entries.add(entry);
  return entries;
}

/** The entries with one less; undefined when none is left. */
function withoutEntry<Entry>(entries: Entries<Entry>, entry: Entry): Entries<Entry> | undefined {
  if (!(entries instanceof Set)) return undefined;
  entries.delete(entry);
  return entries.size === 0 ? undefined : entries;
}

function contains<Entry>(entries: Entries<Entry>, entry: Entry): boolean {
  return entries instanceof Set ? entries.has(entry) : entries.one === entry;
}

function collect<Entry>(entries: Entries<Entry>, into: Entry[]): void {
  if (!(entries instanceof Set)) into.push(entries.one);
  else for (const entry of entries) into.push(entry);
}
