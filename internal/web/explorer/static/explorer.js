// Opens GraphiQL on our endpoint. The options are the JSON in #options, see
// explorer.go.
(() => {
  'use strict';

  const options = JSON.parse(document.getElementById('options').textContent);
  const endpoint = new URL(options.Endpoint, location.href);
  const socket = new URL(endpoint);
  socket.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

  const authorization = options.Token ? { Authorization: `Bearer ${options.Token}` } : {};
  const headers = options.Token ? JSON.stringify(authorization, null, 2) : undefined;

  // GraphiQL remembers its tabs. Other examples or another token begin afresh:
  // else the page of a new database would open with the old one's.
  const remember = (() => {
    let hash = 5381;
    for (const c of JSON.stringify(options)) {
      hash = ((hash * 33) ^ c.codePointAt(0)) >>> 0;
    }
    const prefix = 'paygraph-explorer:';
    const own = `${prefix}${hash.toString(36)}:`;
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefix) && !key.startsWith(own)) {
        localStorage.removeItem(key);
      }
    }
    const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(own));
    return {
      getItem: (key) => localStorage.getItem(own + key),
      setItem: (key, value) => localStorage.setItem(own + key, value),
      removeItem: (key) => localStorage.removeItem(own + key),
      clear: () => keys().forEach((key) => localStorage.removeItem(key)),
      get length() {
        return keys().length;
      },
    };
  })();

  // createFetcher posts queries and mutations with the headers editor's
  // contents, and opens a graphql-transport-ws socket for a subscription with
  // the same contents in connection_init.
  const send = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false,
  });
  // The schema is asked for before there is a headers editor to read.
  const fetcher = (request, context) =>
    request.operationName === 'IntrospectionQuery' && !context?.headers
      ? send(request, { ...context, headers: authorization })
      : send(request, context);

  ReactDOM.createRoot(document.getElementById('explorer')).render(
    React.createElement(GraphiQL, {
      fetcher,
      storage: remember,
      defaultHeaders: headers,
      defaultTabs: [
        {
          query: options.Document || null,
          variables: options.Variables || null,
          headers: headers || null,
        },
      ],
      defaultEditorToolsVisibility: 'headers',
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: true,
      inputValueDeprecation: true,
    }),
  );
})();
