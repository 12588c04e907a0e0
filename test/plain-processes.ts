/**
 * Loaded before every test file (.taprc): what tests start are processes as users start them. tap would load its own
 * recording into each of them too, a quarter of a second at the start and at the end, for reports that nobody reads here.
 */
const SPAWNING = Symbol.for('process-on-spawn@*:singletonId');
const spawning = (globalThis as { [SPAWNING]?: { listeners: unknown[] } })[SPAWNING];
if (spawning !== undefined) spawning.listeners = [];
delete process.env.NODE_OPTIONS;
