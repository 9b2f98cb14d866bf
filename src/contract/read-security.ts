import type { Operation } from "./contract.ts";
import type { Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";

/**
 * Who may use an operation. Schemes with scopes ask for them; the others only say how a Client proves who it is, which is
 * for the servers, so somebody known is enough.
 */
export function readSecurity(
  reading: Reading,
  name: string,
  map: ValueMap,
  { isSecured, isSecurityUsed }: { readonly isSecured: boolean; readonly isSecurityUsed: boolean },
): Pick<Operation, "security" | "isPublic"> {
  const schemes = reading.mapsOfList(map, "security");
  if (schemes.length === 0) {
    // Where no operation has any, that is said once.
    if (isSecured && isSecurityUsed) {
      reading.add(
        "security-missing",
        map,
        undefined,
        `The operation ${name} has no security: everybody whom a server lets in may use it`,
        "Add security: with a scheme whose scopes it needs",
      );
    }
    return { security: [[]], isPublic: !isSecured };
  }
  return { security: schemes.map((scheme) => requiredScopes(reading, scheme.map)), isPublic: false };
}

function requiredScopes(reading: Reading, scheme: ValueMap): readonly string[] {
  const scopes = reading.texts(scheme, "scopes") ?? [];
  const offered = offeredScopes(reading, scheme);
  for (const scope of scopes) {
    if (offered === undefined || offered.has(scope)) continue;
    reading.add(
      "scope-unknown",
      scheme,
      "scopes",
      `The scope ${scope} is none of the flows' availableScopes`,
      offered.size === 0 ? "Add it to availableScopes" : `There are ${[...offered].join(", ")}`,
    );
  }
  return scopes;
}

/** The scopes of all flows; undefined when the scheme does not list any. */
function offeredScopes(reading: Reading, scheme: ValueMap): ReadonlySet<string> | undefined {
  const flows = reading.maps(scheme, "flows");
  if (flows.length === 0) return undefined;
  return new Set(flows.flatMap(({ map }) => Object.keys(reading.map(map, "availableScopes") ?? {})));
}
