/** `registry …`: the commands of the registry, each in its own file or beside its sister. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { addRegistryAnchor } from './registry-anchor.ts';
import { addRegistryImport } from './registry-import.ts';
import { addRegistryInit } from './registry-init.ts';
import { addRegistryInvite } from './registry-invite.ts';
import { addRegistryIssue } from './registry-issue.ts';
import { addRegistryList } from './registry-list.ts';
import { addRegistryRenew } from './registry-renew.ts';
import { addRegistryRevoke } from './registry-revoke.ts';
import { addRegistryRun } from './registry-run.ts';
import { addRegistrySeal } from './registry-seal.ts';

export function addRegistryCommands(program: Command, cli: Cli): void {
  const group = subcommand(program, cli, 'registry', 'registry');
  addRegistryInit(group, cli);
  addRegistryRun(group, cli);
  addRegistryList(group, cli);
  addRegistryInvite(group, cli);
  addRegistrySeal(group, cli);
  addRegistryAnchor(group, cli);
  addRegistryIssue(group, cli);
  addRegistryRenew(group, cli);
  addRegistryRevoke(group, cli);
  addRegistryImport(group, cli);
}
