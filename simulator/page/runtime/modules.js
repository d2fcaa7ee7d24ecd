'use strict';

/*
 * The module system as the real site has it: `__d` registers a factory, `require` and `importNamespace` run it once and
 * hand out its exports, a mutable object. Whoever calls another module's function does it through that object, because
 * libraries put their own functions there.
 */
(() => {
  const modulesMap = Object.create(null);

  function define(id, factory) {
    modulesMap[id] = { id, factory, exports: null };
  }

  function importNamespace(id) {
    const module = modulesMap[id];
    if (module === undefined) {
      throw new Error(`Requiring unknown module "${id}"`);
    }
    if (module.exports === null) {
      module.exports = {};
      module.factory(importNamespace, module.exports);
    }
    return module.exports;
  }

  function require(id) {
    return id === '__debug' ? { modulesMap } : importNamespace(id);
  }

  window.ErrorGuard = { skipGuardGlobal() {} };
  window.importNamespace = importNamespace;
  window.require = require;
  window.__d = define;
  window.Debug = { VERSION: '2.3000.1035000000' };
})();
