/** A document's file as a person reads its name: the imported message, where it came along, is said to be that. Used by show and fetch. */
import type { FileView } from '../core/views.ts';
import type { Cli } from './cli.ts';

export const fileText = (cli: Cli, { name, role }: Pick<FileView, 'name' | 'role'>): string =>
  role === undefined ? name : `${name} (${cli.text('what.original')})`;
