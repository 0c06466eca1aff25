// Readers of the stream by npm's ws: node readers.js URL COUNT. Says what came on each line of its input, then begins to count anew.
const WebSocket = require('ws');

const [url, count] = [process.argv[2], Number(process.argv[3])];
let open = 0, messages = 0, bytes = 0, disorder = 0, closed = 0, late = [];

function reader() {
  let last = 0;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('open', () => { if (++open === count) console.log(JSON.stringify({ open })); });
  socket.on('close', code => { closed++; });
  socket.on('error', e => { console.error(String(e)); });
  socket.on('message', (data, isBinary) => {
    messages++;
    bytes += data.length;
    // the numbers of all are looked at; one alone is parsed, so that this program does not become the limit
    const text = data.toString('latin1');
    const at = text.lastIndexOf('"sequence":');
    const number = Number(text.slice(at + 11, text.indexOf(',', at + 11)));
    if (number < last) disorder++;
    last = number;
    if (socket === first && text.startsWith('{"channel":"gossip"')) late.push(Date.now() - Date.parse(JSON.parse(text).at));
  });
  return socket;
}

const first = reader();
// a few at a time: a thousand handshakes at once are not what is measured
let made = 1;
const timer = setInterval(() => { for (let i = 0; i < 20 && made < count; i++, made++) reader(); if (made >= count) clearInterval(timer); }, 20);

process.stdin.on('data', () => {
  late.sort((a, b) => a - b);
  console.log(JSON.stringify({ open, closed, messages, bytes, disorder, latencyMedian: late[late.length >> 1], latencyMax: late[late.length - 1] }));
  messages = bytes = disorder = 0;
  late = [];
});
process.stdin.on('end', () => process.exit(0));
