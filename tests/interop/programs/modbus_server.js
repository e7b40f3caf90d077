// Run with Node: a Modbus TCP server that holds the words of standard input, {"base": n, "words": [...]}.
// Usage: modbus_server.js FOLDER_OF_NODE_MODULES PORT   Prints "ready" once it listens; stops when its input closes.
const { ServerTCP } = require(process.argv[2] + "/modbus-serial");

let text = "";
process.stdin.on("end", () => process.exit(0));
process.stdin.on("data", (chunk) => {
    text += chunk;
    if (!text.endsWith("\n")) return;
    const { base, words } = JSON.parse(text);
    const read = (address) => {
        const word = words[address - base];
        // 2 is Modbus' "illegal address".
        if (word === undefined) throw { modbusErrorCode: 2 };
        return word;
    };
    const refuse = () => {
        throw { modbusErrorCode: 2 };
    };
    const port = Number(process.argv[3]);
    const server = new ServerTCP({ getHoldingRegister: read, setRegister: refuse }, { host: "127.0.0.1", port, unitID: 1 });
    server.on("initialized", () => console.log("ready"));
});
