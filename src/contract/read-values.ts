import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { Value, ValueList, ValueMap } from "./sources.ts";

/** Is told while values are read. */
export interface ValueListener {
  /** A map or list, and the node that it was made of. */
  keep(value: object, node: Node): void;
  /** An alias to what it stands in; it is read as null. */
  endless(alias: Alias): void;
}

/** Turns nodes into values, each once: an alias is the very object of its anchor, so nothing grows. */
export class ValueReader {
  readonly #listener: ValueListener;
  readonly #read: Map<Node, Value> = new Map();
  /** The anchors so far; a later one of the same name takes its place (YAML 1.2, 7.1). */
  readonly #anchors: Map<string, Node> = new Map();
  /** What is being read: an alias to it would never end. */
  readonly #open: Set<Node> = new Set();

  constructor(listener: ValueListener) {
    this.#listener = listener;
  }

  read(node: Node | null): Value {
    if (node === null) return null;
    if (isAlias(node)) return this.#alias(node);
    const known = this.#read.get(node);
    if (known !== undefined) return known;
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (!isMap<Node, Node | null>(node) && !isSeq<Node | null>(node)) return this.#scalar(node);
    this.#open.add(node);
    const value = isMap<Node, Node | null>(node) ? this.#map(node, node.items) : this.#list(node, node.items);
    this.#open.delete(node);
    return value;
  }

  #alias(alias: Alias): Value {
    const node = this.#anchors.get(alias.source);
    if (node === undefined || !this.#open.has(node)) return this.read(node ?? null);
    this.#listener.endless(alias);
    return null;
  }

  #scalar(node: Node): Value {
    const scalar: unknown = isScalar(node) ? node.value : null;
    return typeof scalar === "bigint" ? Number(scalar) : (scalar as Value);
  }

  #list(node: Node, items: readonly (Node | null)[]): ValueList {
    const list: Value[] = [];
    this.#keep(node, list);
    for (const item of items) list.push(this.read(item));
    return list;
  }

  #map(node: Node, pairs: readonly Pair<Node, Node | null>[]): ValueMap {
    const map: Record<string, Value> = {};
    this.#keep(node, map);
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : "";
      if (name === "<<") this.#merge(map, this.read(value));
      else setOwn(map, name, this.read(value));
    }
    return map;
  }

  /** YAML's merge key: what is there already wins. */
  #merge(map: Record<string, Value>, merged: Value): void {
    for (const source of isSeveral(merged) ? merged : [merged]) {
      if (typeof source !== "object" || source === null) continue;
      for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(map, name)) setOwn(map, name, value);
    }
  }

  #keep(node: Node, value: object & Value): void {
    this.#read.set(node, value);
    this.#listener.keep(value, node);
  }
}

/** `__proto__` is a key like any other. */
export function setOwn(map: Record<string, Value>, key: string, value: Value): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

function isSeveral(value: Value): value is ValueList {
  return Array.isArray(value);
}
