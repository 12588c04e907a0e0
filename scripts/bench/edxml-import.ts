/** An edXML file with one large attachment read from disk, its attachment written to disk; beside a DOM parser. */
import { measure } from './edxml-files.ts';
import type { Figure } from './report.ts';

export const run = ({ smoke }: { smoke: boolean }): Promise<Figure[]> => measure('import', smoke);
