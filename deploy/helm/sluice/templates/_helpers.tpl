{{- define "sluice.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* sluice.conf, as written in the values or made of them. */}}
{{- define "sluice.config" -}}
{{- if .Values.config }}{{ tpl .Values.config . }}{{ else -}}
worker_threads          auto;
pid_file                /tmp/sluice.pid;
error_log               stderr notice;
access_log              stdout json;
memory_limit            80%;
worker_shutdown_timeout {{ .Values.drain.seconds }}s;
{{- with .Values.mainExtra }}
{{ . | trim }}
{{- end }}

upstream brokers {
    {{- range .Values.brokers }}
    server {{ . }};
    {{- end }}
    {{- with .Values.upstream }}
    {{- . | trim | nindent 4 }}
    {{- end }}
}

server {
    listen 8084{{ if .Values.tls.secretName }} ssl{{ end }}{{ if .Values.proxyProtocol.enabled }} proxy_protocol{{ end }};
    {{- if .Values.proxyProtocol.enabled }}
    {{- range .Values.proxyProtocol.trusted }}
    set_real_ip_from {{ . }};
    {{- end }}
    {{- end }}
    {{- if .Values.tls.secretName }}
    ssl_certificate     /etc/sluice/tls/tls.crt;
    ssl_certificate_key /etc/sluice/tls/tls.key;
    {{- end }}
    {{- with .Values.serverExtra }}
    {{- . | trim | nindent 4 }}
    {{- end }}

    location {{ .Values.path }} {
        mqtt_pass brokers;
        {{- with .Values.locationExtra }}
        {{- . | trim | nindent 8 }}
        {{- end }}
    }
}

server {
    listen 9090;
    {{- range .Values.adminFrom }}
    allow {{ . }};
    {{- end }}
    deny all;

    location = /health  { allow all; health; access_log off; }
    location = /alive   { allow all; return 200 "ok\n"; access_log off; }
    location = /metrics { metrics; }
    location /api/      { api; }
    location /          { dashboard; }
}
{{ end -}}
{{- end }}
