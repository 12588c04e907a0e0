/** Roles a signature can claim. WARNING: the numbers are on the wire (proto/signed.proto). */
const ROLES = ['node', 'service', 'seal', 'directory', 'root', 'initials', 'leader'] as const;
export type SignerRole = (typeof ROLES)[number];

export const wireOfRole = (role: SignerRole): number => ROLES.indexOf(role) + 1;
export const roleOfWire = (wire: number): SignerRole | undefined => ROLES[wire - 1];
