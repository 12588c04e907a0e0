/** `node …`: the commands of an agency's node, each in its own file. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { addNodeAnnounce } from './node-announce.ts';
import { addNodeCheck } from './node-check.ts';
import { addNodeInit } from './node-init.ts';
import { addNodeInstall, addNodeRequest } from './node-offline.ts';
import { addNodeRecover } from './node-recover.ts';
import { addNodeRun } from './node-run.ts';
import { addNodeSeal } from './node-seal.ts';
import { addNodeStatus } from './node-status.ts';

export function addNodeCommands(program: Command, cli: Cli): void {
  const group = subcommand(program, cli, 'node', 'node');
  addNodeInit(group, cli);
  addNodeRequest(group, cli);
  addNodeInstall(group, cli);
  addNodeRun(group, cli);
  addNodeStatus(group, cli);
  addNodeCheck(group, cli);
  addNodeRecover(group, cli);
  addNodeAnnounce(group, cli);
  addNodeSeal(group, cli);
}
