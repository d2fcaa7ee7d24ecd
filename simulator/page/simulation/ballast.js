'use strict';

/* Weight: dummy modules and objects in the heap, as many as the server's settings ask for, so that memory figures can
 * be brought near the real page's. */
(() => {
  const { modules, heapMb } = document.documentElement.dataset;
  const OBJECTS_PER_MB = 8600;

  for (let index = 0; index < Number(modules); index += 1) {
    __d(`WAWebSimulatorWeight${index}`, (require, exports) => {
      exports.weigh = () => index;
    });
  }

  const held = [];
  for (let index = 0; index < Number(heapMb) * OBJECTS_PER_MB; index += 1) {
    held.push({ id: `weight-${index}`, at: index + 0.5, tags: [index, index + 1], next: held[index - 1] ?? null });
  }
  __d('SimBallast', (require, exports) => {
    exports.held = held;
  });
})();
