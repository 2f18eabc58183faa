# The collector, from this checkout: docker build --tag nearside-collector .
FROM node:22-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ make python3
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts
RUN npm run build --workspace packages/collector
RUN node scripts/stage-packages.mjs --out /staged core collector
WORKDIR /tarballs
RUN npm pack /staged/core /staged/collector
WORKDIR /app
# of the install scripts only the one that is needed: SQLite is fetched or compiled
RUN npm install --ignore-scripts /tarballs/*.tgz && npm rebuild better-sqlite3

FROM node:22-slim
COPY --from=build /app /app
RUN install --directory --owner=node --group=node --mode=0700 /data
ENV NODE_ENV=production \
    PATH=/app/node_modules/.bin:$PATH \
    NEARSIDE_HOST=0.0.0.0 \
    NEARSIDE_PORT=8787
# without a database its file is .nearside/collector.sqlite here
WORKDIR /data
VOLUME /data
EXPOSE 8787
# node:node, as a number, so that Kubernetes sees that it is not root
USER 1000:1000
# whether it accepts reports is /readyz: a restart would not bring back a database
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.NEARSIDE_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["nearside-collector"]
