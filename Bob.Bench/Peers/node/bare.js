// The smallest bridge that Node.js and `ws` allow: what comes from one socket is parsed and said on the other. No checks, no marks, no interruptions.
import { createServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';

const [port, modelPort] = process.argv.slice(2).map(Number);
const server = createServer((_, response) => response.end());
const streams = new WebSocketServer({ noServer: true, perMessageDeflate: false });

// The model first: the caller is let in when both sockets are there, so that nothing has to wait.
server.on('upgrade', (request, socket, head) => {
  const model = new WebSocket(`ws://127.0.0.1:${modelPort}/v1/realtime?model=peer`, { perMessageDeflate: false });
  model.once('open', () => streams.handleUpgrade(request, socket, head, (caller) => bridge(caller, model)));
  model.on('error', () => socket.destroy());
});

function bridge(caller, model) {
  let streamSid;

  caller.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.event === 'media') {
      model.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: message.media.payload }));
    } else if (message.event === 'start') {
      streamSid = message.start.streamSid;
      model.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime' } }));
      model.send(JSON.stringify({ type: 'response.create' }));
    }
  });

  model.on('message', (data) => {
    const event = JSON.parse(data);
    if (event.type === 'response.output_audio.delta')
      caller.send(JSON.stringify({ event: 'media', streamSid, media: { payload: event.delta } }));
  });

  caller.on('close', () => model.close());
  caller.on('error', () => model.terminate());
  model.on('close', () => caller.close());
}

server.listen(port, '127.0.0.1');
