# The first stage builds the page and installs packages; the second holds only what runs.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has its own Node: the packages that bring one for older machines are left out.
RUN npm pkg delete optionalDependencies && npm ci --omit=dev
COPY flow flow
COPY api api
COPY web web
RUN npx --no vite build web --logLevel warn
# What only builds the page is of no use any more.
RUN npm pkg delete dependencies.vite && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /app
# Volumes take their owner from these folders at their first start.
RUN install -d -m 700 -o node -g node /data /secrets/admin /secrets/ingest /secrets/api \
 && ln -s /app/cli/weir.js /usr/local/bin/weir
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/web/dist web/dist
COPY package.json LICENSE ./
COPY flow flow
COPY store store
COPY ingest ingest
COPY api api
COPY cli cli
COPY test/captures/monday-outage.v9.pcap.gz test/captures/monday-outage.names.yaml test/captures/
# The health check is a process of its own each time: what it compiled is kept, which halves it.
ENV WEIR_DATA=/data NODE_COMPILE_CACHE=/tmp/node-compile-cache
USER node
ENTRYPOINT ["weir"]
CMD ["start"]
