// Driver of Eclipse Paho's autopaho for Go; the contract is that of driver.py. MQTT 5 only.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

type will struct {
	Topic, Payload string
	Qos            byte
}

type command struct {
	Command, Url, Topic, Seed string
	Size                      int
	Options                   struct {
		ClientId, Username, Password, Ca string
		Qos                              byte
		Will                             *will
	}
}

var lock sync.Mutex

func tell(event string, more map[string]any) {
	if more == nil {
		more = map[string]any{}
	}
	more["event"] = event
	line, _ := json.Marshal(more)
	lock.Lock()
	defer lock.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func digest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

func pattern(size int, seed string) []byte {
	block := digest([]byte(seed))
	return []byte(strings.Repeat(block, size/len(block)+1))[:size]
}

func received(message paho.PublishReceived) (bool, error) {
	payload := message.Packet.Payload
	more := map[string]any{"topic": message.Packet.Topic, "size": len(payload), "hash": digest(payload)}
	if len(payload) <= 4096 {
		more["text"] = string(payload)
	}
	tell("message", more)
	return true, nil
}

func configuration(c command) autopaho.ClientConfig {
	address, _ := url.Parse(c.Url)
	config := autopaho.ClientConfig{
		ServerUrls:       []*url.URL{address},
		KeepAlive:        60,
		OnConnectionUp:   func(*autopaho.ConnectionManager, *paho.Connack) { tell("connect", nil) },
		OnConnectionDown: func() bool { tell("close", map[string]any{"message": "connection down"}); return false },
		OnConnectError: func(err error) {
			more := map[string]any{"message": err.Error()}
			var refused *autopaho.ConnackError
			if errors.As(err, &refused) {
				more["code"] = refused.ReasonCode
			}
			tell("error", more)
		},
		ClientConfig: paho.ClientConfig{
			ClientID:          c.Options.ClientId,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){received},
			OnServerDisconnect: func(d *paho.Disconnect) {
				tell("disconnect", map[string]any{"reason": d.ReasonCode})
			},
		},
	}
	if c.Options.Ca != "" {
		pool := x509.NewCertPool()
		text, _ := os.ReadFile(c.Options.Ca)
		pool.AppendCertsFromPEM(text)
		config.TlsCfg = &tls.Config{RootCAs: pool}
	}
	if c.Options.Username != "" {
		config.ConnectUsername, config.ConnectPassword = c.Options.Username, []byte(c.Options.Password)
	}
	if w := c.Options.Will; w != nil {
		config.WillMessage = &paho.WillMessage{Topic: w.Topic, Payload: []byte(w.Payload), QoS: w.Qos}
	}
	return config
}

func main() {
	background := context.Background()
	var client *autopaho.ConnectionManager
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		switch c.Command {
		case "connect":
			client, _ = autopaho.NewConnection(background, configuration(c))
		case "subscribe":
			client.AwaitConnection(background)
			wanted := []paho.SubscribeOptions{{Topic: c.Topic, QoS: c.Options.Qos}}
			if _, err := client.Subscribe(background, &paho.Subscribe{Subscriptions: wanted}); err != nil {
				tell("error", map[string]any{"message": err.Error()})
			} else {
				tell("subscribed", nil)
			}
		case "publishPattern":
			payload := pattern(c.Size, c.Seed)
			if _, err := client.Publish(background, &paho.Publish{Topic: c.Topic, QoS: c.Options.Qos, Payload: payload}); err != nil {
				tell("error", map[string]any{"message": err.Error()})
			} else {
				tell("published", map[string]any{"hash": digest(payload)})
			}
		case "end":
			client.Disconnect(background)
			tell("ended", nil)
			return
		}
	}
}
