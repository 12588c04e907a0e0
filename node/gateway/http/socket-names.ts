/** Names of the local sockets in a folder: which kind of process answers there. WARNING: clients of other versions use them. */
export const NODE_SOCKET = 'node.sock';
export const REGISTRY_SOCKET = 'registry.sock';
