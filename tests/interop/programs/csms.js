// A strict CSMS on npm ocpp-rpc, driven over stdin and stdout, one JSON object a line.
//
//   node csms.js PORT PASSWORD PROTOCOL...        (PORT 0: any)
//
// In:  {"ask": ACTION, "payload": {...}}  ·  {"close": true}  (cut every link, stop listening)  ·  {"listen": true}
// Out: {"listening": PORT} · {"station": ID, "protocol": P} · {"said": ACTION, "payload": {...}} · {"answer": {...}}
//      {"refused": CODE} · {"violation": TEXT} · {"bad": TEXT} · {"gone": true}
//
// Strict mode validates both directions against the library's own schemas. Its 2.1 schemas are looked up under names
// that they are not filed under, so they are filed again under those.

const readline = require('node:readline');
const { RPCServer, createRPCError, createValidator } = require('ocpp-rpc');

const [wantedPort, password, ...protocols] = process.argv.slice(2);
const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const schemas21 = require('ocpp-rpc/lib/schemas/ocpp2_1.json').map((schema) => ({
  ...schema,
  $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf'),
}));

const now = () => new Date().toISOString();
const answers = {
  BootNotification: () => ({ status: 'Accepted', interval: 300, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: ({ idToken }) => ({ idTokenInfo: { status: idToken.idToken === 'NOBODY' ? 'Unknown' : 'Accepted' } }),
  TransactionEvent: ({ idToken }) => (idToken ? { idTokenInfo: { status: 'Accepted' } } : {}),
  StatusNotification: () => ({}),
  MeterValues: () => ({}),
  NotifyEVChargingNeeds: () => ({ status: 'Accepted' }),
  NotifyReport: () => ({}),
  ReportChargingProfiles: () => ({}),
};

let station = null;
let http = null;
let port = Number(wantedPort);

const server = new RPCServer({
  protocols,
  strictMode: true,
  strictModeValidators: [createValidator('ocpp2.1', schemas21)],
});

server.auth((accept, reject, handshake) => {
  if (handshake.password?.toString() === password) accept({});
  else reject(401, 'wrong password');
});

server.on('client', (client) => {
  station = client;
  tell({ station: client.identity, protocol: client.protocol });
  client.on('strictValidationFailure', ({ method, error }) => tell({ violation: `${method}: ${error.message}` }));
  client.on('badMessage', ({ error }) => tell({ bad: String(error) }));
  client.on('disconnect', () => tell({ gone: true }));
  client.handle(({ method, params }) => {
    tell({ said: method, payload: params });
    if (!(method in answers)) throw createRPCError('NotImplemented');
    return answers[method](params);
  });
});

async function listen() {
  http = await server.listen(port, '127.0.0.1');
  port = http.address().port;
  tell({ listening: port });
}

async function obey(line) {
  if (line.listen) await listen();
  if (line.close) {
    http.close();
    station.removeAllListeners('strictValidationFailure');
    await station.close({ code: 1001, force: true });
  }
  if (line.ask) {
    try {
      tell({ answer: await station.call(line.ask, line.payload) });
    } catch (error) {
      tell({ refused: error.rpcErrorCode ?? String(error) });
    }
  }
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)))
  .on('close', () => process.exit(0));
listen();
