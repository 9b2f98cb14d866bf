import type { Principal } from "../broker/authentication.ts";
import type { Channel, Role } from "./contract.ts";
import { type Grant, grantsOf, type Leave, leavesFor } from "./rights.ts";

/** How many sets of roles are remembered; then all are forgotten. Clients do not choose their roles. */
const roleSetsMax = 1024;

/** What everybody with the same roles may do, found out once for each channel. */
export class RoleRights {
  readonly grants: readonly Grant[];
  readonly #principal: Principal;
  readonly #publish: Map<Channel, readonly Leave[]> = new Map();
  readonly #subscribe: Map<Channel, readonly Leave[]> = new Map();

  /** @param principal any one who holds these roles */
  constructor(grants: readonly Grant[], principal: Principal) {
    this.grants = grants;
    this.#principal = principal;
  }

  /** What lets them publish on a channel. */
  publish(channel: Channel): readonly Leave[] {
    return this.#leaves(this.#publish, channel, channel.publish);
  }

  /** What lets them subscribe to a channel. */
  subscribe(channel: Channel): readonly Leave[] {
    return this.#leaves(this.#subscribe, channel, channel.subscribe);
  }

  #leaves(known: Map<Channel, readonly Leave[]>, channel: Channel, operations: Channel["publish"]): readonly Leave[] {
    const remembered = known.get(channel);
    if (remembered !== undefined) return remembered;
    const leaves = leavesFor(operations, this.grants, this.#principal);
    known.set(channel, leaves);
    return leaves;
  }
}

/** Finds the rights of a Principal's roles. */
export class RoleBook {
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #known: Map<string, RoleRights> = new Map();

  constructor(roles: ReadonlyMap<string, Role>) {
    this.#roles = roles;
  }

  rightsOf(principal: Principal): RoleRights {
    const key = JSON.stringify([principal.name !== "", ...principal.roles]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= roleSetsMax) this.#known.clear();
    const rights = new RoleRights(grantsOf(this.#roles, principal), principal);
    this.#known.set(key, rights);
    return rights;
  }
}
