/** UTF-8 bytes of an account's name. */
export const accountNameBytesMax = 128;

/** Roles of one account, token or certificate. */
export const rolesMax = 32;

/** Characters of a role. */
const roleLengthMax = 64;

/** Why an account cannot have this name, as the rest of a sentence; undefined when it can. */
export function accountNameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (Buffer.byteLength(name) > accountNameBytesMax) return `it is longer than ${accountNameBytesMax} bytes`;
  if (/[\p{C}\p{Z}]/u.test(name)) return "it has a space or a character that cannot be seen";
  // In an access rule it would stand for other topics than one's own.
  if (/[+#/]/.test(name)) return "it has one of the characters + # /, which mean something in topics";
  // Others would write the same name with other bytes.
  if (name !== name.normalize("NFC")) return "its characters are not composed (Unicode NFC)";
  return undefined;
}

/** Why a role cannot be called so, as the rest of a sentence; undefined when it can. */
export function roleProblem(role: string): string | undefined {
  if (role.length > roleLengthMax) return `it is longer than ${roleLengthMax} characters`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(role)) return "it is not made of letters, digits and . _ - alone";
  return undefined;
}
