/** Loaded into a test's process with `--import`: its clock runs ahead by what the environment says. */
const aheadMs = Number(process.env.LIENTHONG_TEST_AHEAD_MS);
const now = Date.now;
Date.now = () => now() + aheadMs;
