/** One topic level; both fields stay undefined until something is there, since most nodes are leaves. */
interface Node<Value> {
  children: Map<string, Node<Value>> | undefined;
  value: Value | undefined;
}

/**
 * Topic Name → value, asked by Topic Filter (§3.3.1.3).
 *
 * ```
 *   visible ── "a" = v3            a
 *               ├── "b" = v1       a/b
 *               │    └── "c" = v2  a/b/c
 *               └── "" = v4        a/
 *   hidden ── "$SYS" ── "uptime" = v5
 * ```
 *
 * Topic Names that begin with `$` have a root of their own, so a filter that begins with a wildcard cannot come upon
 * them [MQTT-4.7.2-1] [MQTT311-4.7.2-1].
 */
export class RetainedTrie<Value extends object> {
  readonly #visible: Node<Value> = createNode();
  readonly #hidden: Node<Value> = createNode();
  #size = 0;

  /** How many Topic Names have a value. */
  get size(): number {
    return this.#size;
  }

  /** Sets the value of a Topic Name; returns the one that it replaces. */
  set(topicName: string, value: Value): Value | undefined {
    let node = this.#rootOf(topicName);
    for (const level of topicName.split("/")) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = createNode();
        node.children.set(level, child);
      }
      node = child;
    }
    const replaced = node.value;
    node.value = value;
    if (replaced === undefined) this.#size += 1;
    return replaced;
  }

  /** The value of a Topic Name. */
  get(topicName: string): Value | undefined {
    let node: Node<Value> | undefined = this.#rootOf(topicName);
    for (const level of topicName.split("/")) {
      node = node.children?.get(level);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** Takes the value away and returns it; levels that nothing hangs on go with it. */
  delete(topicName: string): Value | undefined {
    const levels = topicName.split("/");
    const parents: Node<Value>[] = [];
    let node = this.#rootOf(topicName);
    for (const level of levels) {
      const child = node.children?.get(level);
      if (child === undefined) return undefined;
      parents.push(node);
      node = child;
    }
    const removed = node.value;
    if (removed === undefined) return undefined;
    node.value = undefined;
    this.#size -= 1;
    prune(node, parents, levels);
    return removed;
  }

  /** A walk over the values whose Topic Names match a well-formed filter, one at a time. */
  cursor(topicFilter: string): RetainedCursor<Value> {
    return new RetainedCursor(this.#rootOf(topicFilter), topicFilter.split("/"));
  }

  #rootOf(topic: string): Node<Value> {
    return topic.startsWith("$") ? this.#hidden : this.#visible;
  }
}

/** How much of a walk may still be done now: a step is a look at one node. */
export interface StepBudget {
  steps: number;
}

/** A node on the way, and which of its children come next. */
interface Frame<Value> {
  readonly node: Node<Value>;
  /** How many levels of the filter lead here; stays the same below a `#`. */
  readonly depth: number;
  /** Undefined until the node itself was looked at. */
  children: Iterator<Node<Value>> | undefined;
}

/**
 * A walk that can stop and go on. Between two steps values may be set and deleted: a deleted one is not found, one that
 * stays in its place is found once, a new one perhaps.
 *
 * ```
 *   a/+/c:   stack │ a, next child of 3 │ b, not looked at yet │     the top frame is the next step
 * ```
 */
export class RetainedCursor<Value extends object> {
  readonly #levels: readonly string[];
  readonly #stack: Frame<Value>[];

  /** For {@link RetainedTrie.cursor}. */
  constructor(root: Node<Value>, levels: readonly string[]) {
    this.#levels = levels;
    this.#stack = [{ node: root, depth: 0, children: undefined }];
  }

  /** The walk is over. */
  get done(): boolean {
    return this.#stack.length === 0;
  }

  /** The next value; undefined when the walk is over or the budget ran out, which {@link done} tells apart. */
  next(budget: StepBudget): Value | undefined {
    for (let frame = this.#stack.at(-1); frame !== undefined; frame = this.#stack.at(-1)) {
      if (budget.steps <= 0) return undefined;
      if (frame.children !== undefined) {
        this.#descend(frame, frame.children);
        continue;
      }
      budget.steps -= 1;
      const value = this.#look(frame);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Looks at a node for the first time: its own value, and where the filter leads from it. */
  #look(frame: Frame<Value>): Value | undefined {
    const { node, depth } = frame;
    const level = this.#levels[depth];
    if (level === "#" || level === "+") {
      frame.children = node.children?.values();
      if (frame.children === undefined) this.#stack.pop();
      // `#` matches the parent level too (§4.7.1.2).
      return level === "#" ? node.value : undefined;
    }
    this.#stack.pop();
    if (level === undefined) return node.value;
    const child = node.children?.get(level);
    if (child !== undefined) this.#stack.push({ node: child, depth: depth + 1, children: undefined });
    return undefined;
  }

  #descend({ depth }: Frame<Value>, children: Iterator<Node<Value>>): void {
    const next = children.next();
    if (next.done === true) this.#stack.pop();
    else
      this.#stack.push({
        node: next.value,
        depth: this.#levels[depth] === "#" ? depth : depth + 1,
        children: undefined,
      });
  }
}

function createNode<Value>(): Node<Value> {
  return { children: undefined, value: undefined };
}

/** From the leaf up: a node that holds nothing goes. */
function prune<Value>(leaf: Node<Value>, parents: readonly Node<Value>[], levels: readonly string[]): void {
  let node = leaf;
  for (let depth = levels.length - 1; depth >= 0; depth -= 1) {
    const parent = parents[depth];
    const level = levels[depth];
    if (node.value !== undefined || node.children !== undefined || parent === undefined || level === undefined) return;
    parent.children?.delete(level);
    if (parent.children?.size === 0) parent.children = undefined;
    node = parent;
  }
}
