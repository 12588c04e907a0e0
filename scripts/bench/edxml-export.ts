/** A document with one large attachment written to disk as edXML; beside a DOM parser. */
import { measure } from './edxml-files.ts';
import type { Figure } from './report.ts';

export const run = ({ smoke }: { smoke: boolean }): Promise<Figure[]> => measure('export', smoke);
