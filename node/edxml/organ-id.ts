/** OrganIds compared: "000.00.00.G22" and "g22 " name the same unit, where the rule alone can tell. */
import { fromLegacy } from '../core/codes.ts';

/** Equal for OrganIds of one unit; the text itself, upper case, where it is no known form. */
export function organKey(organId: string): string {
  const code = organId.trim().toUpperCase();
  return fromLegacy(code) ?? code;
}
