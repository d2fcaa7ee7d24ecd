'use strict';

/* Models tell of each change of a field (`change:field`), to their own listeners and to those of their collections. */
__d('WAWebBaseModel', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;

  class BaseModel extends EventEmitter {
    constructor(values = {}) {
      super();
      const { fields } = this.constructor;
      Object.defineProperty(this, '_values', { value: { ...fields }, enumerable: false });
      Object.defineProperty(this, '_collections', { value: new Set(), enumerable: false });
      for (const [name, value] of Object.entries(values)) {
        if (name in fields) {
          this._values[name] = value;
        } else {
          this[name] = value;
        }
      }
    }

    get attributes() {
      return { ...this._values };
    }

    set(values) {
      Object.assign(this, values);
      return this;
    }

    /* Change fields without telling anybody. */
    setQuietly(values) {
      Object.assign(this._values, values);
      return this;
    }

    /* A field has no value any more. */
    unset(name) {
      this[name] = undefined;
      return this;
    }

    toJSON() {
      return this.attributes;
    }

    serialize() {
      return this.attributes;
    }

    changed(name, value, previous) {
      this.trigger(`change:${name}`, this, value, previous);
      this.trigger('change', this);
      for (const collection of this._collections) {
        collection.trigger(`change:${name}`, this, value, previous);
      }
    }
  }

  /* Give a model class its fields with their first values, and the name that libraries know it by. */
  function defineModel(Model, proxyName, fields) {
    Model.fields = fields;
    Model.prototype.proxyName = proxyName;
    for (const name of Object.keys(fields)) {
      Object.defineProperty(Model.prototype, name, {
        configurable: true,
        enumerable: true,
        get() {
          /* Libraries look fields up on the prototype, which has no values. */
          return this._values?.[name];
        },
        set(value) {
          const previous = this._values[name];
          if (previous !== value) {
            this._values[name] = value;
            this.changed(name, value, previous);
          }
        },
      });
    }
    return Model;
  }

  exports.BaseModel = BaseModel;
  exports.defineModel = defineModel;
});

__d('WAWebBaseCollection', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;

  function idOf(thing) {
    if (thing === null || thing === undefined) {
      return '';
    }
    if (typeof thing === 'string') {
      return thing;
    }
    return thing._serialized ?? (thing.id === undefined ? String(thing) : idOf(thing.id));
  }

  class BaseCollection extends EventEmitter {
    constructor() {
      super();
      Object.defineProperty(this, '_models', { value: new Map(), enumerable: false });
      if (this.constructor.model === undefined) {
        throw new Error('Collection initialized without model');
      }
    }

    get length() {
      return this._models.size;
    }

    get(id) {
      return this._models.get(idOf(id));
    }

    async find(id) {
      return this.get(id);
    }

    add(values) {
      const Model = this.constructor.model;
      const id = idOf(values);
      const known = this._models.get(id);
      if (known !== undefined) {
        return known;
      }
      const model = values instanceof Model ? values : new Model(values);
      this._models.set(id, model);
      model._collections?.add(this);
      this.trigger('add', model, this);
      return model;
    }

    remove(id) {
      const model = this.get(id);
      if (model !== undefined) {
        this._models.delete(idOf(id));
        model._collections?.delete(this);
        this.trigger('remove', model, this);
      }
      return model;
    }

    /* A model goes by another id from now on. */
    replaceId(id, next) {
      const model = this.get(id);
      if (model !== undefined) {
        this._models.delete(idOf(id));
        this._models.set(idOf(next), model);
      }
    }

    reset() {
      for (const id of [...this._models.keys()]) {
        this.remove(id);
      }
    }

    getModelsArray() {
      return [...this._models.values()];
    }

    map(callback) {
      return this.getModelsArray().map(callback);
    }

    filter(callback) {
      return this.getModelsArray().filter(callback);
    }

    forEach(callback) {
      this.getModelsArray().forEach(callback);
    }

    findFirst(callback) {
      return this.getModelsArray().find(callback);
    }
  }

  exports.BaseCollection = BaseCollection;
  exports.default = BaseCollection;
});
