# docker build -t petstore-mqtt .     (docs/deployment.md says how to run it)
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package needs its install scripts: what is native comes prebuilt for the platform of the image.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY contracts contracts
COPY vendor vendor
COPY package.json LICENSE ./
RUN install --directory --owner=node --group=node --mode=0700 /data && \
    ln --symbolic /app/dist/cli/main.js /usr/local/bin/petstore-mqtt
USER node
VOLUME /data
EXPOSE 8883 8443
# Whatever listens where: the broker answers on its control socket.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "--eval", "require('node:http').get({ socketPath: '/data/control.sock' }, () => process.exit(0)).on('error', () => process.exit(1))"]
ENTRYPOINT ["petstore-mqtt"]
CMD ["serve", "--data", "/data", "--bind", "0.0.0.0"]
