'use strict';

/*
 * The module system as the real site has it: `__d` registers a factory, `require` and `importNamespace` run it once and
 * hand out its exports, a mutable object. Whoever calls another module's function does it through that object, because
 * libraries put their own functions there.
 *
 * What a build lacks (`missing`) is hidden from whoever looks from outside; the page's own modules still find each other.
 */
(() => {
  const modules = Object.create(null);
  const modulesMap = Object.create(null); // those that are seen from outside
  const hiddenModules = new Set();
  const hiddenExports = new Map();
  const views = new Map();

  function define(id, factory) {
    modules[id] = { id, factory, exports: null };
    if (!hiddenModules.has(id)) {
      modulesMap[id] = modules[id];
    }
  }

  function importNamespace(id) {
    const module = modules[id];
    if (module === undefined) {
      throw new Error(`Requiring unknown module "${id}"`);
    }
    if (module.exports === null) {
      module.exports = {};
      module.factory(importNamespace, module.exports);
    }
    return module.exports;
  }

  /* A module's exports without those that are hidden. */
  function viewOf(id) {
    const hidden = hiddenExports.get(id);
    if (!views.has(id)) {
      views.set(id, new Proxy(importNamespace(id), {
        has: (exports, name) => !hidden.has(name) && name in exports,
        get: (exports, name) => (hidden.has(name) ? undefined : exports[name]),
        ownKeys: (exports) => Reflect.ownKeys(exports).filter((name) => !hidden.has(name)),
        getOwnPropertyDescriptor: (exports, name) =>
          (hidden.has(name) ? undefined : Reflect.getOwnPropertyDescriptor(exports, name)),
      }));
    }
    return views.get(id);
  }

  function fromOutside(id) {
    if (hiddenModules.has(id)) {
      throw new Error(`Requiring unknown module "${id}"`);
    }
    return hiddenExports.has(id) ? viewOf(id) : importNamespace(id);
  }

  /* As on the real page: of a module with a default alone this gives the default itself, importNamespace what holds it. */
  function require(id) {
    if (id === '__debug') {
      return { modulesMap };
    }
    const exports = fromOutside(id);
    const names = Object.keys(exports);
    return names.length === 1 && names[0] === 'default' ? exports.default : exports;
  }

  /* Take a member away from an exported class or object, for the page itself too. */
  function removeMember(id, exported, member) {
    const owner = importNamespace(id)[exported];
    for (let holder = owner; holder !== null && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
      delete holder[member];
    }
    delete owner?.prototype?.[member];
  }

  /* name: "Module", "Module.export" or "Module.export.member". */
  function hide(name) {
    const [id, exported, member] = name.split('.');
    if (member !== undefined) {
      removeMember(id, exported, member);
    } else if (exported !== undefined) {
      hiddenExports.set(id, (hiddenExports.get(id) ?? new Set()).add(exported));
    } else {
      hiddenModules.add(id);
      delete modulesMap[id];
    }
  }

  window.ErrorGuard = { skipGuardGlobal() {} };
  window.importNamespace = fromOutside;
  window.require = require;
  window.__d = define;
  window.Debug = { VERSION: document.documentElement.dataset.version };
  define('SimModules', (_, exports) => {
    exports.hide = hide;
  });
})();
